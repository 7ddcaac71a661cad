"""Exceptions: one for every status of the library, with the library's own line."""


class NtkError(Exception):
    """A function of the library failed. `status` is its name, "NTK_ERROR_SHAPE" say."""

    def __init__(self, status: str, message: str):
        super().__init__(message)
        self.status = status


class InvalidInput(NtkError, ValueError):
    """An argument, a shape or a number is not one that the function takes."""


class NotPositiveDefinite(NtkError, ValueError):
    """A Gram matrix has a direction that is not positive by more than rounding."""


class NoConvergence(NtkError, ArithmeticError):
    """The answer cannot be had as well as the function promises."""


class Unsupported(NtkError, NotImplementedError):
    """The library has no method for this case."""


class OutOfMemory(NtkError, MemoryError):
    """The library could not allocate."""


_CLASSES = {
    "NTK_ERROR_ARGUMENT": InvalidInput,
    "NTK_ERROR_SHAPE": InvalidInput,
    "NTK_ERROR_NOT_FINITE": InvalidInput,
    "NTK_ERROR_FORMAT": InvalidInput,
    "NTK_ERROR_NOT_POSITIVE_DEFINITE": NotPositiveDefinite,
    "NTK_ERROR_NO_CONVERGENCE": NoConvergence,
    "NTK_ERROR_DIVERGED": NoConvergence,
    "NTK_ERROR_STALLED": NoConvergence,
    "NTK_ERROR_UNSUPPORTED": Unsupported,
    "NTK_ERROR_MEMORY": OutOfMemory,
}


def error_of(status: str, message: str) -> NtkError:
    return _CLASSES.get(status, NtkError)(status, message)
