# SPDX-License-Identifier: Apache-2.0
"""Processes that a test or a bench has started itself."""
import signal
import subprocess

PATIENCE_S = 60


def end(processes):
    """Each is asked to go, the last one first; who has not gone in time is killed. Waits until all are gone."""
    for process in reversed(processes):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in processes:
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
