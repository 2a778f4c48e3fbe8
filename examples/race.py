"""Fifty patients at one slot, all at once: one gets it, 49 hear 409, whatever the number of processes.

PyJWT and Python's standard library only. With a demo running it needs no options:

    python examples/race.py            # exit code 0 when it was 1 × 201 and 49 × 409
    python examples/race.py --patients 200
"""

import argparse
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from partner_client import SchedulingAPI, at, find_slot, mint


def hold(
    facts: dict[str, Any], token: str, slot: dict[str, Any], start_line: threading.Barrier
) -> tuple[int, str, float]:
    """One patient's attempt: status, what became of it, and how long it took."""
    body = {
        "appointment_type_uid": facts["appointment_type_uid"],
        "starts_at": slot["starts_at"],
        "doctor_uid": slot["doctor_uid"],
    }
    request = urllib.request.Request(  # noqa: S310  # the demo's own address
        f"{facts['base_url']}/v1/scheduling/appointments",
        data=json.dumps(body).encode(),
        headers={"X-RxScale-Booking-Token": token, "Content-Type": "application/json"},
    )
    start_line.wait()
    begun = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  # as above
            answer, status = json.load(response), response.status
    except urllib.error.HTTPError as error:
        with error:
            answer, status = json.load(error), error.code
    except OSError as error:
        return 0, str(error), time.perf_counter() - begun
    what = answer.get("code") or answer.get("status") or answer["error"]
    return status, what, time.perf_counter() - begun


def race(facts: dict[str, Any], patients: int) -> list[tuple[int, str, float]]:
    names = [f"racer-{uuid.uuid4().hex[:8]}" for _ in range(patients)]
    tokens = [mint(facts, name) for name in names]
    slot = find_slot(SchedulingAPI(facts, tokens[0]), facts, is_soon=False)
    print(f"race       {patients} patients for {at(slot['starts_at'])}, {slot['doctor_uid']}")
    start_line = threading.Barrier(patients)
    with ThreadPoolExecutor(patients) as pool:
        runs = [pool.submit(hold, facts, token, slot, start_line) for token in tokens]
        return [run.result() for run in runs]


def main() -> None:
    parser = argparse.ArgumentParser(description="Races many patients for one slot.")
    data = Path(os.environ.get("RXSCALE_DATA_DIR", ".rxscale"))
    parser.add_argument("--facts", type=Path, default=data / "demo.json")
    parser.add_argument("--patients", type=int, default=50)
    options = parser.parse_args()

    answers = race(json.loads(options.facts.read_text()), options.patients)
    counts = Counter(status for status, _, _ in answers)
    outcomes = Counter(what for _, what, _ in answers)
    slowest = max(seconds for _, _, seconds in answers)
    print("answers    " + ", ".join(f"{n} × {status}" for status, n in sorted(counts.items())))
    print("           " + ", ".join(f"{n} × {what}" for what, n in sorted(outcomes.items())))
    print(f"slowest    {slowest:.2f} s")
    expected = Counter({201: 1, 409: options.patients - 1})
    sys.exit(0 if counts == +expected else "Expected one 201 and a 409 for everybody else.")


if __name__ == "__main__":
    main()
