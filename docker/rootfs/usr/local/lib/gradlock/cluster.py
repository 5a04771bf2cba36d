"""Print TF_CONFIG for one worker of several, from what the scheduler that started it says.

Asked in this order, by what each sets: JobSet, Kubeflow's Trainer, Slurm, `invoke deploy compose`.
Nothing is printed where none of them speaks, or of one worker alone: TensorFlow needs no
TF_CONFIG then. Exit status 78 (a wrong configuration) where what is said cannot be.

Only the standard library: it runs before every command of a job, with `python -I -S`.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping

#: The port of a worker that has an address to itself.
PORT = 2222
#: Slurm's workers share their machine's ports with other jobs': each job begins at a number of
#: its own, below those that Linux gives out by itself (from 32768).
SLURM_PORT, SLURM_JOBS = 12000, 2000
#: Workers of one job on one machine.
SLURM_TASKS = 10
#: Workers of a job: a number beyond it is a mistake, and would only fill memory.
MOST = 100_000
WRONG = 78

Variables = Mapping[str, str]
Place = tuple[list[str], int]


def main() -> int:
    """Print it, and return the exit status."""
    try:
        found = config(os.environ)
    except ValueError as error:
        print(f"gradlock: no TF_CONFIG can be made: {error}", file=sys.stderr)
        return WRONG
    if found:
        print(found)
    return 0


def config(variables: Variables) -> str:
    """Return TF_CONFIG as JSON, or nothing."""
    for names, derive in SCHEDULERS.items():
        if all(variables.get(name) for name in names):
            workers, index = derive(variables)
            if index >= len(workers):
                raise ValueError(
                    f"worker {index} of {len(workers)}: they count from 0 ({names[0]})"
                )
            if len(workers) == 1:
                return ""
            task = {"type": "worker", "index": index}
            return json.dumps({"cluster": {"worker": workers}, "task": task})
    return ""


def jobset(variables: Variables) -> Place:
    """Return all workers' addresses, and this one's number, as JobSet names its pods."""
    job = text(variables, "JOBSET_NAME")
    part = text(variables, "REPLICATED_JOB_NAME")
    count = number(variables, "GRADLOCK_WORKERS", least=1)
    return pods(f"{job}-{part}-0-", job, count), number(variables, "JOB_COMPLETION_INDEX")


def trainer(variables: Variables) -> Place:
    """Return the same as the Trainer says it to torchrun: the first pod's name has the others'."""
    first = text(variables, "PET_MASTER_ADDR")
    name = re.fullmatch(r"(.+-)0\.(.+)", first)
    count = number(variables, "PET_NNODES", least=1)
    index = number(variables, "PET_NODE_RANK")
    if name is None and count > 1:
        raise ValueError(f"PET_MASTER_ADDR={first} is no pod's name as in job-node-0-0.job")
    return (pods(name[1], name[2], count) if name else [f"{first}:{PORT}"]), index


def compose(variables: Variables) -> Place:
    """Return the same for containers that have names as JobSet gives them."""
    job = variables.get("GRADLOCK_JOB") or "gradlock"
    count = number(variables, "GRADLOCK_WORKERS", least=1)
    return pods(f"{job}-worker-0-", job, count), number(variables, "GRADLOCK_WORKER")


def pods(prefix: str, domain: str, count: int) -> list[str]:
    """Return the addresses of a job's pods: their number stands before the domain."""
    return [f"{prefix}{index}.{domain}:{PORT}" for index in range(count)]


def slurm(variables: Variables) -> Place:
    """Return the same for a step's tasks: as many on each node as Slurm says."""
    nodes = hosts(text(variables, given(variables, "SLURM_STEP_NODELIST", "SLURM_JOB_NODELIST")))
    count = number(variables, given(variables, "SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"), least=1)
    index = number(variables, given(variables, "SLURM_PROCID", "SLURM_NODEID"))
    said = variables.get(given(variables, "SLURM_STEP_TASKS_PER_NODE", "SLURM_TASKS_PER_NODE"), "")
    each = tasks(said) if said else [count // len(nodes)] * len(nodes)
    if len(each) != len(nodes) or sum(each) != count:
        raise ValueError(f"{count} tasks are not {said or each} on {len(nodes)} nodes")
    if max(each) > SLURM_TASKS:
        raise ValueError(f"{max(each)} workers on one node: there are ports for {SLURM_TASKS}")
    job = int(re.sub(r"\D", "", variables.get("SLURM_JOB_ID", "")) or 0)
    port = SLURM_PORT + job % SLURM_JOBS * SLURM_TASKS
    places = [(node, task) for node, some in enumerate(each) for task in range(some)]
    told = variables.get("SLURM_NODEID"), variables.get("SLURM_LOCALID")
    if None not in told and index < count and told != tuple(map(str, places[index])):
        raise ValueError(f"task {index} is not where it would be: --distribution=block is needed")
    return [f"{nodes[node]}:{port + task}" for node, task in places], index


def tasks(said: str) -> list[int]:
    """Return the tasks of each node: `2(x3),1` is 2, 2, 2, 1."""
    found: list[int] = []
    for part in said.split(","):
        match = re.fullmatch(r"(\d{1,6})(?:\(x(\d{1,6})\))?", part)
        if match is None:
            raise ValueError(f"SLURM_TASKS_PER_NODE={said} cannot be read")
        found += [int(match[1])] * int(match[2] or 1)
    return found


def hosts(listed: str) -> list[str]:
    """Return the names in one of Slurm's lists: `gpu[01-03,7],login` is gpu01, gpu02, and so on."""
    words = re.findall(r"(?:[^,\[\]]|\[[^\[\]]*\])+", listed)
    if ",".join(words) != listed or not words:
        raise ValueError(f"SLURM_JOB_NODELIST={listed} cannot be read")
    return [name for word in words for name in expanded(word)]


def expanded(word: str) -> Iterator[str]:
    """Yield the names that one word of a list stands for; it may have several brackets."""
    before, bracket, rest = word.partition("[")
    if not bracket:
        yield word
        return
    ranges, _, after = rest.partition("]")
    for part in ranges.split(","):
        match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", part)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if match is None or not low <= high < low + MOST:
            raise ValueError(f"[{ranges}] is no range of nodes")
        for index in range(low, high + 1):
            for end in expanded(after):
                yield f"{before}{index:0{len(match[1])}}{end}"


def text(variables: Variables, name: str) -> str:
    """Return a variable that has to be set."""
    if not variables.get(name):
        raise ValueError(f"{name} is not set")
    return variables[name]


def given(variables: Variables, *names: str) -> str:
    """Return the name of the first variable that is set; the last one's where none is."""
    return next((name for name in names if variables.get(name)), names[-1])


def number(variables: Variables, name: str, *, least: int = 0) -> int:
    """Return a variable's number."""
    value = text(variables, name)
    if not re.fullmatch(r"\d{1,6}", value) or not least <= int(value) <= MOST:
        raise ValueError(f"{name}={value} is no number from {least} to {MOST}")
    return int(value)


#: Who may have started this container: what only it sets, and what that says.
SCHEDULERS: dict[tuple[str, ...], Callable[[Variables], Place]] = {
    ("JOBSET_NAME", "GRADLOCK_WORKERS"): jobset,
    ("PET_NNODES", "PET_MASTER_ADDR"): trainer,
    ("SLURM_JOB_NODELIST", "SLURM_NTASKS"): slurm,
    ("GRADLOCK_WORKERS",): compose,
}

if __name__ == "__main__":
    sys.exit(main())
