"""Why a container ended, or fails: what it left behind, against what is known of such ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class End:
    """What a container left: its status, what the engine says of it, and its last lines.

    `limit` is the memory that it may have, in bytes; 0 is no limit. `image` is what it ran.
    """

    status: int
    killed_for_memory: bool
    error: str
    lines: tuple[str, ...]
    limit: int = 0
    image: str = ""


@dataclass(frozen=True)
class Cause:
    """A likely cause, why it ends or breaks what runs, and how it is mended."""

    what: str
    mend: str


@dataclass(frozen=True)
class Saying:
    """Words that a program, Python or the engine says, and what they mean.

    `{0}` in the cause is what the pattern's group matched.
    """

    pattern: str
    cause: str
    mend: str


ROW = "add it to requirements/base.in, ./inv lock, ./inv image --pin; or build on the image"
WORK = (
    "run as the folder's owner: docker run --user $(id -u):$(id -g); ./inv lab and ./inv shell do "
    "so; ls -ld the folder"
)
#: In this order: the first that matches is the likely cause; what is more special comes first.
SAYINGS = (
    Saying(
        r"JUPYTER_TOKEN is empty|the token is empty",
        "JUPYTER_TOKEN is empty, and JupyterLab refuses to serve without a token",
        "leave JUPYTER_TOKEN unset for a random one, or set one: docker run -e JUPYTER_TOKEN=...",
    ),
    Saying(
        r"Running as root is not recommended|does not run as a root that has capabilities",
        "JupyterLab refuses to run as root with capabilities",
        "leave --user away; or docker run --user $(id -u):$(id -g); or add --cap-drop ALL",
    ),
    Saying(
        r"nothing can be saved in (\S+?): ",
        "nothing can be saved in {0}",
        "mount a folder there that the container's user may write to, or run as its owner: "
        "docker run --user $(id -u):$(id -g); ./inv lab does so",
    ),
    Saying(
        r"(?i)port is already allocated|address already in use|"
        r"port \d+ is (?:already in use|not available)",
        "the port is taken: another server, or another container, listens there",
        "docker run -p 127.0.0.1:8900:8888; or ./inv lab, which takes a free one; "
        "docker ps shows which container has it",
    ),
    Saying(
        r"(?i)iptables|failed programming external connectivity",
        "the engine could not publish the port: its rules of the firewall are gone, or iptables is",
        "restart the engine, which makes them anew: sudo systemctl restart docker; iptables -V",
    ),
    Saying(
        r"could not select device driver|nvidia-container-cli|unresolvable CDI devices",
        "the engine cannot give a GPU to a container",
        "./inv doctor --gpu says what is missing",
    ),
    Saying(
        r"exec format error",
        "the image is for another processor than the engine's",
        "name an engine on such a machine, or install an emulator there: ./inv doctor says what "
        "the engine runs on",
    ),
    Saying(
        r"exec: \"?([^\":]+)\"?: (?:executable file not found|stat .*no such file)",
        "the program {0} is not in the image, or not in its PATH",
        f"write its whole path; {ROW}",
    ),
    Saying(
        r"bind source path does not exist: (\S+)",
        "the folder that is mounted does not exist on the engine's machine: {0}",
        "make it, or name another one; an engine in a virtual machine sees only shared folders",
    ),
    Saying(
        r"No space left on device",
        "a disk is full: the engine's, the mounted folder's, or /dev/shm (64 MB unless --shm-size)",
        "df -h; docker system df; docker run --shm-size 1g for programs with many processes",
    ),
    Saying(
        r"Read-only file system: '?([^'\n]*)",
        "it writes where nothing may be written: {0}",
        "mount a folder there: docker run -v FOLDER:PATH, or --tmpfs PATH; or leave --read-only "
        "away",
    ),
    Saying(
        r"PermissionError: \[Errno 13\] Permission denied: '?([^'\n]*)",
        "this user of the container may not write to, or read, {0}",
        WORK,
    ),
    Saying(
        r"([^\s:']+)'?: Permission denied|[Pp]ermission denied(?:: (\S+))?",
        "the container's user may not write to, read or run something: {0}",
        WORK,
    ),
    Saying(
        r"ModuleNotFoundError: No module named '([^']+)'",
        "Python's module {0} is not in the image",
        ROW,
    ),
    Saying(
        r"can't open file '?([^':]+)|FileNotFoundError: .*'([^']+)'",
        "the file {0} is not there, in the container",
        'mount the folder that has it, and start in it: docker run -v "$PWD:/home/gradlock/work"; '
        "./inv shell does so",
    ),
    Saying(
        r"(\S+): (?:not found|command not found)|(\S+): No such file or directory",
        "{0} is not there, in the container",
        'mount the folder that has it: docker run -v "$PWD:/home/gradlock/work"; or write its '
        "whole path",
    ),
    Saying(
        r"CUDA_ERROR_OUT_OF_MEMORY|ResourceExhaustedError|OOM when allocating tensor",
        "the GPU's memory is full: of this training, or of another one on the same GPU",
        "a smaller batch; nvidia-smi shows who else uses it; TF_FORCE_GPU_ALLOW_GROWTH=true "
        "where several share it",
    ),
    Saying(
        r"CUDA_ERROR_UNSUPPORTED_PTX_VERSION|no kernel image is available|unsupported PTX",
        "TensorFlow has no code for this GPU that its driver understands",
        "./inv doctor --gpu says which driver does",
    ),
    Saying(
        r"CUDA_ERROR_NO_DEVICE|CUDA_ERROR_UNKNOWN|failed call to cuInit|"
        r"Could not find cuda drivers|Cannot dlopen some GPU libraries",
        "TensorFlow sees no GPU",
        "docker run --gpus all; ./inv doctor --gpu, and ./inv doctor --container NAME while it "
        "runs, say why",
    ),
    Saying(
        r"Failed to initialize NVML",
        "the container lost its GPU: a `systemctl daemon-reload` of the host does that",
        "start it again; for good: sudo nvidia-ctk system create-dev-char-symlinks --create-all",
    ),
    Saying(
        r"can't start new thread|Resource temporarily unavailable|fork: retry|"
        r"pthread_create failed",
        "it may have no further process or thread",
        "docker run --pids-limit 8192; or fewer workers; an engine before 20.10.10 refuses threads "
        "of newer systems",
    ),
    Saying(
        r"Cannot allocate memory|MemoryError|std::bad_alloc",
        "it got no more memory",
        "docker run --memory with more, or a smaller batch",
    ),
    Saying(
        r"[Kk]ernel [\w-]* ?died|KernelRestarter: restart(?: failed|ing kernel)",
        "a notebook's kernel died and was started again: mostly it took more memory than there is, "
        "or a library crashed",
        "a smaller batch; docker run --memory with more; run it as a script, which shows how it "
        "ends: ./inv shell",
    ),
    Saying(
        r"Temporary failure in name resolution|Name or service not known|Network is unreachable",
        "it has no network: --network none, or a DNS that containers do not reach",
        "docker run without --network none; else see the engine's DNS: /etc/docker/daemon.json",
    ),
    Saying(
        r"\b403 (?:GET|POST|PUT) /(?:api|lab|tree)\b",
        "somebody asked with a wrong token, or with none: a page of a server before, mostly",
        "open the URL that this server printed: docker logs NAME",
    ),
    Saying(
        r"(?:Illegal instruction|requires AVX|AVX instructions)",
        "the processor lacks instructions that TensorFlow is built with",
        "./inv doctor says what this processor has",
    ),
)
#: What a status means by itself.
STATUSES = {
    125: ("the engine did not start it", "docker logs and docker inspect NAME say more"),
    126: ("what it should run is no program that may be run", "chmod +x it, or name another"),
    127: ("what it should run is not there", "name a program that the image has"),
    132: (
        "a program met an instruction that the processor lacks (SIGILL): TensorFlow needs AVX",
        "./inv doctor says what this processor has",
    ),
    134: (
        "a program ended itself (SIGABRT): its last lines say why",
        "run it again under ./inv shell",
    ),
    135: (
        "a program met a bus error (SIGBUS): shared memory is full, or a mapped file was cut",
        "docker run --shm-size 1g",
    ),
    139: (
        "a program crashed (SIGSEGV)",
        "python -X faulthandler shows where; ./inv suite smoke says whether the image is whole",
    ),
}
#: Statuses of what was asked to end, and ended: by itself, by Ctrl-C, by `docker stop`.
ASKED = (0, 130, 143)


def likely(end: End) -> Cause | None:
    """Return the likeliest cause of an end; None where it ended as it was asked to."""
    if end.killed_for_memory:
        return _memory(end)
    if end.status in ASKED and not end.error:
        return None
    said = next(_said((end.error, *reversed(end.lines))), None)
    if said:
        return said
    if end.error:
        return Cause(f"the engine says: {end.error}", "mend what it names, and start it again")
    if end.status == 137:
        return Cause(
            "it was killed (status 137): by `docker kill`, by `docker stop` after 10 s, or by a "
            "machine whose memory was full",
            "sudo dmesg | grep -i 'out of memory'; docker run --memory bounds what it takes",
        )
    if end.status in STATUSES:
        return Cause(*STATUSES[end.status])
    raised = next((line for line in reversed(end.lines) if _raises(line)), "")
    return Cause(
        f"it ended with status {end.status}" + (f": {raised.strip()}" if raised else ""),
        "its last lines say why",
    )


def troubles(lines: Iterable[str]) -> Iterator[Cause]:
    """Yield what the log of a container that runs tells of trouble, each cause once."""
    seen: set[str] = set()
    for cause in _said(lines):
        if cause.what not in seen:
            seen.add(cause.what)
            yield cause


def _memory(end: End) -> Cause:
    limit = f" of {end.limit / 10**6:.0f} MB" if end.limit else ""
    return Cause(
        f"out of memory: the kernel killed a process that went over the limit{limit}"
        if end.limit
        else "out of memory: the kernel killed a process of it",
        "docker run --memory with more (or none); a smaller batch, or fewer workers"
        + ("" if end.limit else "; give the engine's machine more"),
    )


def _said(lines: Iterable[str]) -> Iterator[Cause]:
    """Yield the causes that lines name, in the lines' order."""
    for line in lines:
        for saying in SAYINGS:
            if match := re.search(saying.pattern, line):
                named = next((group for group in match.groups() if group), "see its last lines")
                yield Cause(saying.cause.format(named), saying.mend)
                break


def _raises(line: str) -> bool:
    """Whether a line is the last one of a traceback: the exception and what it says."""
    return bool(re.match(r"[\w.]+(Error|Exception|Interrupt|Exit)\b", line))
