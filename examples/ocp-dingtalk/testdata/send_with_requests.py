#!/usr/bin/env python3
"""The same job in Python with requests, to compare with: the text of $message
to a DingTalk robot, its answer to standard output or, if it refuses, to
standard error."""
import os
import sys

import requests


def main() -> int:
    url = os.environ["ROBOT_URL"]
    body = {"msgtype": "markdown", "markdown": {"title": "OCP", "text": os.environ["message"]}}
    with requests.post(url, json=body, timeout=8) as answer:
        accepted = answer.json().get("errcode") == 0
        (sys.stdout if accepted else sys.stderr).write(answer.text)
    return 0 if accepted else 1


if __name__ == "__main__":
    sys.exit(main())
