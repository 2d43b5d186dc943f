from tests.relay.conftest import model, python

__all__ = ["model", "python"]
