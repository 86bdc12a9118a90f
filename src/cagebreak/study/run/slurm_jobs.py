"""What dask-jobqueue leaves out: SLURM jobs that are refused or lost, and jobs of several workers.

Dask takes a job that was refused, or ended without workers, for one that waits in the queue, and
never replaces it. It ends a job if one of its workers has no task, whatever the others do.
"""

import asyncio
import subprocess
import warnings
from typing import Any

from cagebreak.errors import SchedulerWarning

INTERVAL = 60.0
"""Seconds between two looks at the queue (chosen: SLURM should not be asked often)."""


def patient_cluster(jobqueue: Any) -> Any:
    """Return dask-jobqueue's class of SLURM clusters, whose jobs may be refused at first."""
    from distributed.deploy.spec import ProcessInterface

    class Job(jobqueue.slurm.SLURMJob):
        async def start(self) -> None:
            try:
                await super().start()
            except (OSError, RuntimeError, ValueError) as error:
                said = " ".join(str(error).rpartition("stderr:")[2].split())
                warnings.warn(
                    f"SLURM refuses a job and is asked again every {INTERVAL:.0f} s: {said}",
                    SchedulerWarning,
                    stacklevel=1,
                )
                await ProcessInterface.start(self)

    class Cluster(jobqueue.SLURMCluster):
        job_cls = Job

    return Cluster


def careful_adaptive() -> Any:
    """Return Dask's class that asks for workers and ends them, but here no job that has units."""
    from distributed.deploy.adaptive import Adaptive

    class Careful(Adaptive):
        async def scale_down(self, workers: Any) -> None:
            cluster: Any = self.cluster
            job_of = _jobs(cluster)
            of_scheduler = cluster.scheduler.workers.values()
            at_work = {job_of.get(worker.name) for worker in of_scheduler if worker.processing}
            await super().scale_down([name for name in workers if job_of.get(name) not in at_work])

    return Careful


def look_after(cluster: Any) -> None:
    """Look at the queue until the cluster closes, and submit again what it has lost."""
    ended: set[str] = set()

    async def look() -> None:
        await _look(cluster, ended)

    def start() -> None:
        from tornado.ioloop import PeriodicCallback

        cluster.periodic_callbacks["queue"] = callback = PeriodicCallback(look, 1000 * INTERVAL)
        callback.start()

    cluster.loop.add_callback(start)


async def _look(cluster: Any, ended: set[str]) -> None:
    """Submit again the jobs that were refused, and those in `ended` that still have no workers."""
    queue = await asyncio.to_thread(
        subprocess.run,
        ["squeue", "--me", "--noheader", "--format=%A"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if queue.returncode:
        return  # SLURM does not answer now.
    queued = set(queue.stdout.split())
    job_of = _jobs(cluster)
    at_work = {job_of.get(worker) for worker in cluster.observed}
    for name, job in list(cluster.workers.items()):
        if job.job_id is not None:
            if job.job_id in queued or name in at_work:
                continue
            # A job that had workers is replaced by Dask itself, before the next look.
            if job.job_id not in ended:
                ended.add(job.job_id)
                continue
            warnings.warn(
                f"SLURM job {job.job_id} ended without workers, and is submitted again; they said "
                f"why in {job.log_directory or '.'}/{job.job_name}-{job.job_id}.err",
                SchedulerWarning,
                stacklevel=1,
            )
            job.job_id = None
        await job.start()
        if job.job_id is None:
            return  # The others would be refused too.
        if cluster.workers.get(name) is not job:  # It is not needed any more.
            await job.close()


def _jobs(cluster: Any) -> dict[str, str]:
    """Return the name of the job of each worker."""
    return {
        f"{job}{suffix}": job
        for job, described in cluster.worker_spec.items()
        for suffix in described.get("group", ("",))
    }
