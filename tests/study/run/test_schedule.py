"""Scheduling: needs before units, bounded submissions, failures that stay alone."""

import os
import threading
import time
from collections import defaultdict
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cagebreak.study.run.engines import Engine, SerialExecutor, pool
from cagebreak.study.run.schedule import by_configuration, schedule
from cagebreak.study.store import Unit


class Record:
    def __init__(self):
        self.ended, self.failures = [], []

    def done(self, unit, seconds):
        self.ended.append(unit)

    def failed(self, unit, error, again):
        self.failures.append((unit, again))


def serial(needs, do, **options):
    record = Record()
    engine = Engine(SerialExecutor(), 1)
    outcome = schedule(needs, do, engine, record, priority=lambda u: u.address, **options)
    return outcome, record


@st.composite
def work(draw):
    """Units that need some of those before them, or units done long ago; and which fail."""
    n = draw(st.integers(0, 12))
    units = [Unit("u", (i,)) for i in range(n)]
    old = Unit("old", (0,))
    needs = {
        unit: draw(st.sets(st.sampled_from([*units[:i], old]), max_size=3))
        for i, unit in enumerate(units)
    }
    fails = draw(st.dictionaries(st.sampled_from(units), st.integers(1, 5))) if units else {}
    return needs, fails


@given(work(), st.integers(1, 4), st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_units_follow_their_needs_and_failures_stay_alone(work, workers, retries):
    needs, fails = work
    attempts = defaultdict(int)
    lock = threading.Lock()
    record = Record()

    def attempt(unit):
        with lock:
            assert all(need in record.ended for need in needs[unit] if need in needs)
            attempts[unit] += 1
        if attempts[unit] <= fails.get(unit, 0):
            raise ValueError(unit)
        return 1.0

    with ThreadPoolExecutor(workers) as executor:
        outcome = schedule(
            needs,
            lambda unit: (attempt, unit),
            Engine(executor, workers),
            record,
            priority=lambda unit: unit.address,
            retries=retries,
        )
    lost = set()
    for unit in needs:
        if fails.get(unit, 0) > retries:
            lost.add(unit)
    waiting = set()
    for unit, needed in needs.items():
        if needed & (lost | waiting):
            waiting.add(unit)
    assert set(outcome.failed) == lost - waiting
    assert outcome.waiting == waiting
    assert set(record.ended) == set(needs) - lost - waiting
    assert len(record.ended) == len(set(record.ended))
    for unit in outcome.failed:
        assert attempts[unit] == retries + 1


def test_no_more_units_are_in_flight_than_the_engine_holds():
    waiting = []

    class Lazy(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            waiting.append(future)
            most.append(len(waiting))
            if len(waiting) == 5:
                threading.Thread(target=self.end_all).start()
            return future

        def end_all(self):
            for future in [waiting.pop(0) for _ in range(5)]:
                future.set_result(1.0)

    most = []
    needs = {Unit("u", (i,)): () for i in range(20)}
    schedule(needs, lambda u: (u,), Engine(Lazy(), 3, ahead=2), Record(), lambda u: u.address)
    assert max(most) == 5


def test_a_unit_that_fails_is_tried_again_after_the_others():
    tried = []

    def attempt(unit):
        tried.append(unit.address[0])
        if unit.address == (0,) and len(tried) < 5:
            raise ValueError("not yet")
        return 1.0

    needs = {Unit("u", (i,)): () for i in range(4)}
    outcome, record = serial(needs, lambda unit: (attempt, unit))
    assert tried == [0, 1, 2, 3, 0]
    assert record.failures == [(Unit("u", (0,)), True)]
    assert not outcome.failed


def test_one_configuration_is_finished_after_the_other_with_roots_ahead():
    order = []
    needs = {}
    for c in range(6):
        needs[Unit("root", (c,))] = ()
        needs |= {Unit("run", (c, r)): [Unit("root", (c,))] for r in range(2)}
    schedule(
        needs,
        lambda unit: (lambda: order.append(unit) or 1.0,),
        Engine(SerialExecutor(), 1),
        Record(),
        by_configuration(["root", "run"], ["root"], workers=2),
    )
    roots = [unit.address[0] for unit in order if unit.stage == "root"]
    runs = [unit.address for unit in order if unit.stage == "run"]
    assert roots == sorted(roots)
    assert runs == sorted(runs)
    ahead = [
        sum(u.stage == "root" for u in order[:i]) - unit.address[0]
        for i, unit in enumerate(order)
        if unit.address == (unit.address[0], 0) and unit.stage == "run"
    ]
    assert ahead == [3, 3, 3, 3, 2, 1]


def test_an_executor_of_others_that_breaks_ends_the_work():
    def broken():
        raise BrokenExecutor("gone")

    with pytest.raises(BrokenExecutor, match="gone"):
        serial({Unit("u", (0,)): ()}, lambda unit: (broken,))


def test_a_worker_that_dies_is_replaced_and_takes_no_other_unit_along():
    killer = Unit("u", (3,))
    needs = {Unit("u", (i,)): () for i in range(8)}
    record = Record()
    with pool(2) as engine:
        outcome = schedule(
            needs,
            lambda unit: (os._exit, 1) if unit == killer else (float, 1.0),
            engine,
            record,
            priority=lambda unit: unit.address,
            retries=1,
        )
    assert list(outcome.failed) == [killer]
    assert isinstance(outcome.failed[killer], BrokenExecutor)
    assert record.failures == [(killer, True), (killer, False)]
    assert set(record.ended) == set(needs) - {killer}


def test_an_interrupted_pool_ends_at_once():
    futures = []

    def interrupted():
        with pool(1) as engine:
            futures.append(engine.executor.submit(time.sleep, 1000))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert isinstance(futures[0].exception(timeout=20), BrokenExecutor)


class CountingExecutor(ThreadPoolExecutor):
    """One thread; counts the calls that are not done when another is submitted."""

    def __init__(self):
        super().__init__(1)
        self.submitted, self.done = 0, 0
        self.waiting = []

    def submit(self, fn, /, *args, **kwargs):
        self.submitted += 1
        self.waiting.append(self.submitted - self.done)
        future = super().submit(fn, *args, **kwargs)
        future.add_done_callback(self._count)
        return future

    def _count(self, _):
        self.done += 1


def test_units_tried_again_wait_for_no_other():
    """A worker that dies takes those that wait for it along, and would do so at every attempt."""

    def fail():
        time.sleep(0.02)
        raise RuntimeError

    units = [Unit("some", (i,)) for i in range(3)]
    with CountingExecutor() as executor:
        outcome = schedule(
            {unit: [] for unit in units}, lambda unit: (fail,), Engine(executor, 1, ahead=1),
            Record(), priority=lambda unit: unit.address, retries=1,
        )  # fmt: skip
    assert set(outcome.failed) == set(units)
    assert max(executor.waiting[:3]) == 2
    assert executor.waiting[3:] == [1, 1, 1]
