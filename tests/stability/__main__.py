"""`python -m tests.stability`, a step of a release: keeps today's OpenAPI document as that of pyproject.toml's version."""

from tests.stability.releases import present_version, store
from tests.stability.today import document_of_today

if __name__ == "__main__":
    print(f"stored as {store(present_version(), document_of_today())}")
