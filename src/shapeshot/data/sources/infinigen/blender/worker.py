"""Runs inside Blender's Python: makes one Infinigen asset after another and renders views of it, as asked on stdin.

    python worker.py

It loads Blender and Infinigen once and then forks for every object, so that each is made in the same fresh state, by
whatever came before it, and a crash takes only one. Infinigen's meshes hang on the order of addresses in memory and on
the number of threads: with the same layout of memory, one thread and the same seed, an object has the same bytes.

Requests (wire.py): {"do": "load", "modules": [...]} first; {"do": "make", ...} answers with triangles and colour maps;
{"do": "views", ...} with pictures of what was made; {"do": "done"} ends the object, unanswered. Failures answer
{"error": TEXT}, with "too_long" or "crashed" where the object's process is gone. Ends with its standard input or its
parent. Standard output carries messages only: what Blender prints goes to stderr.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any

ADDRESSES_AS_ALWAYS = 0x0040000  # ADDR_NO_RANDOMIZE of Linux's personality()
ROUND_ADDRESS = 1 << 28  # below the threshold of `level_memory`, above by how much heaps differ; it takes no memory


def with_fixed_addresses() -> None:
    """Start again without randomised addresses, where the system lets a process choose that."""
    with contextlib.suppress(AttributeError, OSError):
        libc = ctypes.CDLL(None)
        now = libc.personality(0xFFFFFFFF)
        if now != -1 and not now & ADDRESSES_AS_ALWAYS and libc.personality(now | ADDRESSES_AS_ALWAYS) != -1:
            os.execv(sys.executable, [sys.executable, *sys.argv])


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent dies, however that dies (Linux; elsewhere stdin's end does)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(1)


def load(modules: list[str]) -> None:
    """Import what all objects need, without leaving a thread behind that a fork would lack."""
    everywhere = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(everywhere)})  # Blender's task pool counts the processors at its first task
    import bpy

    with contextlib.suppress(OSError):
        Path(bpy.app.tempdir).rmdir()  # where nothing is put, and which would stay behind where this process is killed
    from infinigen.core import init

    # It would fetch Blender add-ons from the network, for factories that are not used here.
    init.require_blender_addon = lambda *_, **__: False
    import room  # noqa: F401 (and through it all the others)

    for module in modules:
        # What cannot be imported is told by the objects that need it.
        with contextlib.suppress(Exception):
            importlib.import_module(f"infinigen.assets.objects.{module}")
    bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32)
    bpy.context.object.modifiers.new("first task", "SUBSURF")
    bpy.context.evaluated_depsgraph_get().update()
    bpy.ops.wm.read_factory_settings(use_empty=True)
    write_pictures_without_threads()
    os.sched_setaffinity(0, everywhere)


def write_pictures_without_threads() -> None:
    """OpenEXR's writing threads would be missing after a fork, and it would wait for them."""
    with Path("/proc/self/maps").open() as maps:
        path = next(line.split()[-1] for line in maps if "/libOpenEXR.so" in line or "/libOpenEXR-" in line)
    ctypes.CDLL(path)._ZN7Imf_3_220setGlobalThreadCountEi(0)


def level_memory() -> None:
    """Fill the holes that loading left in the heap and go on at a round address, the same in every worker.

    While Blender is loaded, a few threads of its libraries race with it, and with them the places of what is allocated.
    """
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    libc.mallopt(-3, 1 << 30)  # M_MMAP_THRESHOLD: large blocks, too, come from the heap
    end = libc.malloc(1 << 26)  # no hole is as large: here the used heap ended
    for size in (*(1 << power for power in range(22, 10, -1)), *range(1024, 0, -16)):
        while libc.malloc(size) < end:
            pass
    libc.malloc(-libc.malloc(1) % ROUND_ADDRESS)


def serve(requests: int, answers: int) -> None:
    """Fork for every object until the requests end."""
    import wire

    while (message := wire.receive(requests)) is not None:
        header, _ = message
        if header["do"] == "load":
            load(header["modules"])
            wire.write(answers, wire.packed({"ready": True}))
            continue
        if header["do"] == "done":  # its object's process is gone already
            continue
        forget_prints()
        parent = os.getpid()
        child = os.fork()
        if not child:
            die_with(parent)
            level_memory()
            one_object(header, requests, answers)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            wire.write(answers, wire.packed(fate(status)))


def one_object(header: dict[str, Any], requests: int, answers: int) -> None:
    """Make an object and answer requests about it until it is done with."""
    import asset
    import studio
    import wire

    made: Any = None
    arrays: dict[str, Any] = {}
    while header["do"] != "done":
        limit_work(header["seconds"])
        try:
            if header["do"] == "make":
                made = asset.make(header)
                answer = wire.packed(made.described(), made.arrays())
            else:
                answer = wire.packed({}, studio.views(made, header, arrays))
        except Exception as error:
            wire.write(answers, wire.packed({"error": f"{type(error).__name__}: {error}"[:500]}))
            return
        wire.write(answers, answer)
        message = wire.receive(requests)
        if message is None:
            return
        header, arrays = message


def limit_work(seconds: float) -> None:
    """Have the kernel end this process when its processor has worked for so long from now on."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(used.ru_utime + used.ru_stime + seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (soft, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def fate(status: int) -> dict[str, Any]:
    """The answer for an object whose process ended without one."""
    number = os.waitstatus_to_exitcode(status)
    if number == -signal.SIGXCPU:
        return {"error": "it worked for too long", "too_long": True}
    return {"error": f"its process ended with {number}", "crashed": True}


def forget_prints() -> None:
    """Empty the file that stderr goes to: Cycles alone writes 100 kB for an object."""
    with contextlib.suppress(OSError):
        os.ftruncate(2, 0)
        os.lseek(2, 0, os.SEEK_SET)


if __name__ == "__main__":
    with_fixed_addresses()
    die_with(os.getppid())
    answers = os.dup(1)
    os.dup2(2, 1)
    serve(0, answers)
