"""Postmark's answers and tracking events, as far as they are used."""

import json

from .http import Behaviour, answer

MESSAGE_ID = "0a129aee-e1cd-480d-b08d-4f48548ff48d"


def accepted(to: str, message_id: str = MESSAGE_ID) -> Behaviour:
    body = {"To": to, "MessageID": message_id, "ErrorCode": 0, "Message": "OK"}
    return answer(200, json.dumps(body).encode(), Content_Type="application/json")


def inactive(address: str) -> Behaviour:
    message = (
        "You tried to send to a recipient that has been marked as inactive.\n"
        f" Found inactive addresses: {address}.\n Inactive recipients are ones that have generated"
        " a hard bounce or a spam complaint. "
    )
    body = json.dumps({"ErrorCode": 406, "Message": message}).encode()
    return answer(422, body, Content_Type="application/json")


def event(record_type: str, *, delivery_uid: str = "", **fields: object) -> dict[str, object]:
    """One tracking event, as posted to the callback."""
    metadata = {"delivery_uid": delivery_uid} if delivery_uid else {}
    return {"RecordType": record_type, "MessageID": MESSAGE_ID, "Metadata": metadata, **fields}
