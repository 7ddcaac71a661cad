"""Build the extension module against the library of this tree, and pack the library beside it.

NTK_BUILD=FOLDER uses a build that exists (relative to the tree's root); otherwise `make` builds
the library in build/. NTK_ROOT names the tree where this folder has been copied elsewhere.
"""

import os
import pathlib
import re
import shutil
import subprocess

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = pathlib.Path(os.environ.get("NTK_ROOT", pathlib.Path(__file__).resolve().parent.parent))
BUILD = ROOT / os.environ.get("NTK_BUILD", "build")


def version():
    text = (ROOT / "include" / "ntk" / "version.h").read_text()
    return re.search(r'define NTK_VERSION\s+"(.*)"', text).group(1)


SONAME = "libntk.so." + version().split(".")[0]


class BuildWithLibrary(build_ext):
    def run(self):
        if "NTK_BUILD" not in os.environ:
            subprocess.run(["make", "-C", ROOT, "build/libntk.so"], check=True)
        super().run()
        package = pathlib.Path(self.get_ext_fullpath("ntk_verify._native")).parent
        package.mkdir(parents=True, exist_ok=True)
        shutil.copyfile((BUILD / "libntk.so").resolve(), package / SONAME)


setup(
    version=version(),
    ext_modules=[
        Extension(
            "ntk_verify._native",
            ["src/ntk_verify/_native.c"],
            include_dirs=[str(ROOT / "include")],
            # By file: the library is found beside the module, under its soname.
            extra_objects=[str(BUILD / "libntk.so")],
            extra_compile_args=["-std=gnu11", "-Wall", "-Wextra"],
            extra_link_args=["-Wl,-rpath,$ORIGIN"],
            py_limited_api=True,
        )
    ],
    cmdclass={"build_ext": BuildWithLibrary},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
