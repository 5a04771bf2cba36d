"""Debian packages: apt.in to apt.lock, by an apt in a state directory of its own.

It is this machine's apt, or the base layer's where there is none (`layers.apt`).

Debian has no "as of": without a dated mirror a new lock holds today's suite.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from urllib.parse import unquote

from gradlock import command, store
from gradlock.errors import CommandError, LockError
from gradlock.locks.pins import DebPin
from gradlock.locks.resolve import mirrors
from gradlock.progress import say

#: The suites of an archive that make a release, by the archive's name in the lock.
SUITES = {"debian": ("{suite}", "{suite}-updates"), "debian-security": ("{suite}-security",)}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
#: The folders that apt expects below its state directory.
FOLDERS = ("etc/apt.conf.d", "etc/preferences.d", "lists/partial", "cache/partial")
#: What apt is asked, but for the names: Debian's essential packages, and these.
INSTALL = (
    *("apt-get", "install", "--print-uris", "--yes", "--no-install-recommends"),
    "?essential",
)
PURPOSE = "resolving requirements/apt.in"


#: Asks apt what it would install: of names, with its preferences; returns what it prints.
Install = Callable[[Sequence[str], str], str]
#: Opens an apt on mirrors (the archives' roots), a suite and an architecture.
Apt = Callable[[Mapping[str, str], str, str], AbstractContextManager[Install]]


def resolve(
    names: Sequence[str], suite: str, architecture: str, apt: Apt, *, keep: Iterable[DebPin] = ()
) -> tuple[DebPin, ...]:
    """Resolve package names, Debian's essential packages included, to files.

    A package of `keep` stays at its version where the mirror still has it, and no other one
    needs it to move.
    """
    archives = mirrors.found()
    kept = tuple(keep)
    with apt(archives, suite, architecture) as install:
        while True:
            try:
                printed = install(names, _preferences(kept))
                break
            except CommandError as error:
                if not (held := in_the_way(str(error), kept)):
                    raise CommandError(
                        error.what, where="requirements/apt.in", mend=error.mend
                    ) from None
                say(f"moving too, since what moves asks for it: {_listed(held)}")
                kept = tuple(pin for pin in kept if pin not in held)
    pins = parse_uris(printed, archives)
    if not pins:
        raise LockError("apt resolved to no package at all", where="requirements/apt.in")
    return pins


def here() -> bool:
    """Whether this machine has an apt."""
    return shutil.which("apt-get", path=command.PATH) is not None


@contextmanager
def own(archives: Mapping[str, str], suite: str, architecture: str) -> Iterator[Install]:
    """Open this machine's apt, in a state directory of its own."""
    with store.scratch("apt") as state:
        (state / "etc").mkdir()
        (state / "etc/sources.list").write_text(sources(archives, suite))
        # How this machine reaches a mirror (proxies, certificates) is its own configuration.
        acquire = command.run(
            ["apt-config", "dump", "Acquire"],
            purpose="reading apt's configuration",
            env=command.networked(),
        )
        configuration = state / "etc/apt.conf"
        configuration.write_text(acquire + settings(str(state), architecture))
        for part in FOLDERS:
            (state / part).mkdir(parents=True)
        (state / "status").touch()
        env = command.networked(APT_CONFIG=str(configuration), LC_ALL="C")
        command.run(["apt-get", "update"], purpose="reading Debian's package lists", env=env)

        def install(names: Sequence[str], preferences: str) -> str:
            (state / "etc/preferences").write_text(preferences)
            return command.run([*INSTALL, *names], purpose=PURPOSE, env=env)

        yield install


def together(pins: Sequence[DebPin], names: Iterable[str]) -> tuple[DebPin, ...]:
    """Return what moves where some packages may: all that is built from their sources.

    Such packages often ask for one another at exactly their own version.
    """
    sources = {source(pin) for pin in pins if pin.name in set(names)}
    moving = tuple(pin for pin in pins if source(pin) in sources)
    if others := [pin for pin in moving if pin.name not in set(names)]:
        say(f"moving too, as built from the same source: {_listed(others)}")
    return moving


def source(pin: DebPin) -> str:
    """Return the source that a package was built from: an archive keeps it in its folder."""
    return pin.path.split("/")[-2]


def in_the_way(said: str, kept: Sequence[DebPin]) -> tuple[DebPin, ...]:
    """Return the kept pins, with those of the same sources, that apt says it cannot go on with."""
    complaint = re.search(r"(?s)(unmet|Unsatisfied) dependencies:.*", said)
    words = set(re.findall(r"[a-z0-9][a-z0-9.+-]+", complaint[0])) if complaint else set()
    sources = {source(pin) for pin in kept if pin.name in words}
    return tuple(pin for pin in kept if source(pin) in sources)


def _listed(pins: Iterable[DebPin]) -> str:
    by_source: dict[str, list[str]] = {}
    for pin in pins:
        by_source.setdefault(source(pin), []).append(pin.name)
    return "; ".join(f"{', '.join(names)} ({name})" for name, names in sorted(by_source.items()))


def _preferences(keep: Iterable[DebPin]) -> str:
    return "\n".join(
        f"Package: {pin.name}\nPin: version {pin.version}\nPin-Priority: 1001\n" for pin in keep
    )


def parse_uris(printed: str, archives: Mapping[str, str]) -> tuple[DebPin, ...]:
    """Read what `apt-get --print-uris` prints: 'URI' FILE SIZE SHA256:HASH.

    Raises:
        LockError: a file has no sha256, or comes from another archive.

    """
    pins = []
    for line in printed.splitlines():
        if not line.startswith("'"):
            continue
        match = re.fullmatch(r"'(\S+)' (\S+)_(\S+)_(\S+)\.deb (\d+) SHA256:([0-9a-f]{64})", line)
        url = line.split("'")[1]
        # The longest root wins: one archive's URL may be the beginning of the other's.
        roots = [
            (root, archive) for archive, root in archives.items() if url.startswith(f"{root}/")
        ]
        if not match or not roots:
            raise LockError(
                f"apt names a file without a sha256, or of another archive: {line}",
                where="requirements/apt.in",
            )
        root, archive = max(roots, key=lambda found: len(found[0]))
        name, version, arch = (unquote(part) for part in match.group(2, 3, 4))
        size, sha256 = match.group(5, 6)
        path = unquote(url.removeprefix(f"{root}/"))
        pins.append(DebPin(name, version, arch, int(size), sha256, archive, path))
    return tuple(sorted(pins, key=lambda pin: pin.name))


def sources(archives: Mapping[str, str], suite: str) -> str:
    """Return apt's list of what makes a release, from mirrors of its archives."""
    return "".join(
        f"deb [signed-by={KEYRING}] {archives[archive]} {form.format(suite=suite)} main\n"
        for archive, forms in SUITES.items()
        for form in forms
    )


def settings(state: str, architecture: str) -> str:
    """Return the configuration that keeps apt to a state directory of its own."""
    return f"""
Dir::Etc "{state}/etc";
Dir::Etc::Parts "apt.conf.d";
Dir::Etc::Main "none.conf";
Dir::Etc::SourceList "sources.list";
Dir::Etc::SourceParts "-";
Dir::Etc::Preferences "preferences";
Dir::Etc::PreferencesParts "preferences.d";
Dir::State "{state}";
Dir::State::Lists "lists";
Dir::State::Status "{state}/status";
Dir::Cache "{state}/cache";
APT::Architecture "{architecture}";
APT::Architectures "{architecture}";
APT::Install-Recommends "false";
APT::Sandbox::User "";
Acquire::ForceHash "SHA256";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::Check-Valid-Until "false";
"""
