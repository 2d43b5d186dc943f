from tests.platforms.conftest import toy

__all__ = ["toy"]
