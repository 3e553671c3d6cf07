"""The command-line client of participants, in small modules. They download it as one file: see `services.gateway.handout`.

It stands alone: the standard library and httpx, nothing else of ours. `python -m services.gateway.client` runs it here.
"""
