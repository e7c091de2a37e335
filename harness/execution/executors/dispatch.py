"""Keep a cluster busy: a bounded window of tasks, lost workers tried again, hanging ones cut.

Shards of the feature cache come first. A job is handed to Ray when its shards are there, in the order of the plan,
which has the longest job first. Ray holds no more than a window of tasks, so ten thousand jobs cost no more than ten.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, RayActorError, RayError, RayTaskError

from harness.core.errors import CannotWrite, OtherCode
from harness.core.events import Event, EventSink
from harness.core.job import JobSpec
from harness.execution.claims import WAIT_SECONDS, Claims
from harness.execution.executors.capacity import Capacity, Resources
from harness.execution.executors.event_queue import EventQueue
from harness.execution.executors.interface import Finished
from harness.execution.executors.retries import Retries
from harness.execution.worker import ResultArchive, store_failure, unpack
from harness.features.shards import ShardFill
from harness.planning.plan import Plan
from harness.system.shutdown import ShutdownRequested, shutdown
from harness.system.timeout import reason as timed_out

POLL_SECONDS = 0.2
LOOK_SECONDS = 10.0
GRACE_SECONDS = 5.0  # for jobs to save where they stand


@dataclass(eq=False)
class Running:
    """A task that Ray has."""

    work: ShardFill | JobSpec
    started: float | None = None  # on the driver's clock
    cut: bool = False


@dataclass
class Dispatcher:
    """The tasks of one run. `run` and `fill` are what workers call."""

    plan: Plan
    claims: Claims
    capacity: Capacity
    send: EventSink
    run: Callable[..., Any]
    fill: Callable[..., Any]
    tasks: dict[Any, Running] = field(default_factory=dict)  # what Ray has, by reference
    by_name: dict[str | ShardFill, Running] = field(default_factory=dict)  # a job's name is its id

    def __post_init__(self) -> None:
        plan = self.plan
        self.retries = Retries(plan.cluster.max_retries)
        self.run_task, self.fill_task = ray.remote(self.run), ray.remote(self.fill)
        self.events = _event_queue()
        self.asked: Any = None  # what the queue has not answered yet
        self.context = ray.put(plan.context)
        self.skip = any(job.on_bad_sample == "skip" for job in plan.todo)
        self.shards = deque(plan.fills)
        self.first: dict[ShardFill, JobSpec] = {}  # the first job that waits for a shard
        # Shards still missing, by what jobs wait for; most wait for the same.
        self.missing: dict[int, set[ShardFill]] = {}
        self.groups: dict[ShardFill, list[int]] = defaultdict(list)
        for job in plan.todo:
            wanted = plan.waits.get(job.id, ())
            if id(wanted) not in self.missing:
                self.missing[id(wanted)] = set(wanted)
                for shard in wanted:
                    self.first.setdefault(shard, job)
                    self.groups[shard].append(id(wanted))
        self.jobs = deque(plan.todo)
        self.waiting: deque[JobSpec] = deque()  # that other drivers are at
        self.looked = self.measured = time.monotonic()

    def finished(self) -> Iterator[Finished]:
        """Run everything; each job with its result as it ends."""
        try:
            with shutdown.postponed():  # an exception out of a signal would tear Ray's own code apart
                while self.tasks or self.shards or self.jobs or self.waiting:
                    shutdown.check()
                    yield from self._top_up()
                    yield from self._collect()
                    self._cut_hanging()
        except ShutdownRequested:
            self._let_save()
            raise
        finally:
            _cancel(self.tasks, force=True)

    def _top_up(self) -> Iterator[Finished]:
        """Hand tasks to Ray while there is room in the window."""
        if time.monotonic() - self.measured > LOOK_SECONDS:
            self.measured = time.monotonic()
            self.capacity.refresh()
            if not self.capacity.nodes:
                raise ConnectionError("no node of the cluster is alive")
        while self.shards and self._has_room(self.first[self.shards[0]]):
            self._submit_fill(self.shards.popleft())
        for job in self._ready():
            taken = self.claims.take(job)
            if taken == "ours":
                self._submit(job)
            elif taken == "elsewhere":
                self.waiting.append(job)
            else:
                yield job, self.claims.result(job) or {}

    def _ready(self) -> Iterator[JobSpec]:
        """Yield jobs whose shards are there, as long as there is room;
        those of other drivers are looked at now and then.
        """
        if self.waiting and time.monotonic() - self.looked > WAIT_SECONDS:
            self.looked = time.monotonic()
            self.jobs.extendleft(reversed(self.waiting))
            self.waiting.clear()
        passed: list[JobSpec] = []
        while self.jobs and self._has_room(self.jobs[0]):
            job = self.jobs.popleft()
            if self.missing[id(self.plan.waits.get(job.id, ()))]:
                passed.append(job)
            else:
                yield job
        self.jobs.extendleft(reversed(passed))

    def _has_room(self, job: JobSpec) -> bool:
        return len(self.tasks) < self.capacity.window(self.capacity.needs(job))

    def _submit_fill(self, fill: ShardFill) -> None:
        needs = self._needs(self.first[fill], fill)
        task = self.fill_task.options(**needs.options())
        running = self.by_name[fill] = Running(fill)
        self.tasks[task.remote(fill, self.context, self.skip, self.events)] = running

    def _submit(self, job: JobSpec) -> None:
        lost = self.retries.reasons(job.id)
        context = replace(self.plan.context, lost=lost) if lost else self.context
        running = self.by_name[job.id] = Running(job)
        task = self.run_task.options(**self._needs(job, job.id).options())
        self.tasks[task.remote(job, context, self.events)] = running

    def _needs(
        self,
        job: JobSpec,
        name: str | ShardFill,
    ) -> Resources:
        needs = self.capacity.needs(job)
        return self.capacity.whole(needs) if name in self.retries.alone else needs

    def _collect(self) -> Iterator[Finished]:
        """Wait a moment for tasks to end, and pass on what has happened."""
        if not self.tasks:
            time.sleep(POLL_SECONDS if self.waiting else 0)
            return
        refs = list(self.tasks)
        ready, _ = ray.wait(
            refs,
            num_returns=1,
            timeout=POLL_SECONDS,
        )
        if ready:
            ready, _ = ray.wait(
                refs,
                num_returns=len(refs),
                timeout=0,
            )
        for event in self._events():
            self._note(event)
        for ref in ready:
            running = self.tasks.pop(ref)
            if isinstance(running.work, ShardFill):
                self._end_fill(running.work, running, ref)
            else:
                yield from self._end(running.work, running, ref)

    def _events(self) -> list[Event]:
        """Return what has come since the last time; nothing as long as the queue is being started again."""
        self.asked = self.asked or self.events.drain.remote()
        if not ray.wait([self.asked], timeout=POLL_SECONDS)[0]:
            return []
        asked, self.asked = self.asked, None
        try:
            return list(ray.get(asked))
        except RayActorError:  # its node was lost, and what was in it was only for the progress display
            self.events = _event_queue()
            return []

    def _note(self, event: Event) -> None:
        running = self.by_name.get(event.get("fill") or event.get("job", ""))
        if running is not None and event["event"] in ("filling", "started"):
            running.started = time.monotonic()
            if isinstance(running.work, JobSpec):
                self.claims.started(running.work.id)
        self.send(event)

    def _end_fill(
        self,
        fill: ShardFill,
        running: Running,
        ref: Any,
    ) -> None:
        del self.by_name[fill]
        try:
            _fetch(ref)
        except RayError as error:
            by_itself = running.cut or isinstance(error, RayTaskError)
            if not by_itself and self.retries.again(
                fill,
                _reason(error),
                error,
            ):
                self.shards.appendleft(fill)
                return
        for group in self.groups[fill]:  # if it failed, the jobs find out why by themselves
            self.missing[group].discard(fill)
        self.send({"event": "fill"})

    def _end(
        self,
        job: JobSpec,
        running: Running,
        ref: Any,
    ) -> Iterator[Finished]:
        """Yield the job's result; one whose worker was lost is tried again, and in the end becomes a failed row."""
        context = replace(self.plan.context, lost=self.retries.reasons(job.id))
        lost, cause = "", None
        try:
            result = _fetch(ref)
            if isinstance(result, ResultArchive):
                result = unpack(job, result, context)
        except RayTaskError as error:
            result = store_failure(job, context, _reason(error))
        except RayError as error:
            result = self.claims.result(job)  # it may have been stored just before
            lost, cause = _reason(error), error
        if result is None and running.cut:
            result = store_failure(job, context, timed_out(context.job_timeout))
        if result is None and not self.retries.again(
            job.id,
            lost,
            cause,
        ):
            result = store_failure(job, context, lost)
        if result is None:
            self.claims.waits(job)
            self._submit(job)
            return
        self.claims.release(job)
        del self.by_name[job.id]
        yield job, result

    def _cut_hanging(self) -> None:
        seconds = self.plan.context.job_timeout
        if seconds is None:
            return
        for ref, running in self.tasks.items():
            if running.cut or running.started is None:
                continue
            if time.monotonic() - running.started > seconds:
                running.cut = True
                ray.cancel(ref, force=True)

    def _let_save(self) -> None:
        """Tell the jobs to save, and give them a moment."""
        jobs = [ref for ref, running in self.tasks.items() if isinstance(running.work, JobSpec)]
        _cancel(jobs, force=False)
        if jobs:
            ray.wait(
                jobs,
                num_returns=len(jobs),
                timeout=GRACE_SECONDS,
            )


def _cancel(refs: Iterable[Any], *, force: bool) -> None:
    for ref in refs:
        with suppress(RayError, GetTimeoutError, ValueError):
            ray.cancel(ref, force=force)


def _event_queue() -> Any:
    actor = ray.remote(EventQueue).options(
        num_cpus=0,
        max_restarts=-1,
        max_task_retries=-1,
    )
    return actor.remote()


def _fetch(ref: Any) -> Any:
    """Return what a task returned. Raises: CannotWrite or OtherCode, if that was its trouble; RayError."""
    try:
        return ray.get(ref)
    except RayTaskError as error:
        if isinstance(error.cause, CannotWrite | OtherCode):
            raise error.cause from error
        raise


def _reason(error: RayError) -> str:
    """Return a Ray error in words: its type, and the cause that a task gave, or Ray's own first line."""
    cause = getattr(error, "cause", None)
    text = str(cause).strip() if cause else str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}"
