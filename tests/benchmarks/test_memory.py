import os
from pathlib import Path

import pytest

from benchmarks.memory import family, memory_mb, own_rss_mb


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="no /proc here")
def test_memory_of_this_process_is_known():
    rss, pss = memory_mb([os.getpid()])
    assert 0 < pss <= rss
    assert own_rss_mb() > 10
    assert os.getpid() in family(os.getpid())
