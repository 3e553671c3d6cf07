"""`python -m tests.stability`, a step of a release: keeps today's OpenAPI document and codes under its version."""

from tests.stability.codes import codes_of_today
from tests.stability.releases import present_version, store
from tests.stability.today import document_of_today

if __name__ == "__main__":
    print(f"stored as {store(present_version(), document_of_today(), codes_of_today())}")
