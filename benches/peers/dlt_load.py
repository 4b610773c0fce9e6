#!/usr/bin/env python3
"""dlt (dlt[postgres]) on the same ads: mapped, checked, merged with a history (scd2). One folder
of state for all days.   usage: dlt_load.py DATABASE_URL FILE STATE_FOLDER"""
import datetime as dt
import json
import os
import sys

os.environ.setdefault("RUNTIME__DLTHUB_TELEMETRY", "false")
# dlt wants a password even where the socket asks for none.
os.environ.setdefault("CREDENTIALS__PASSWORD", "none")
import dlt

url, path, state = sys.argv[1:4]


def row(ad):
    """The ad as a job; nothing if it breaks a rule."""
    opens, closes = (dt.date.fromisoformat(ad[key]) for key in ("openDate", "closeDate"))
    is_sound = len(ad["title"]) >= 3 and len(ad["descriptionHtml"]) >= 10 and ad["locations"]
    if not is_sound or closes < opens or (closes - opens).days > 183:
        return None
    return {
        "original_id": ad["id"],
        "title": ad["title"],
        "description": ad["descriptionHtml"],
        "open_date": opens,
        "close_date": closes,
        "department": ad["agency"]["name"],
        "job_type": ad["jobType"],
        "source_url": ad["url"],
        "remuneration": f"{ad['salary']['min']}-{ad['salary']['max']}",
        "locations": [place["city"] for place in ad["locations"]],
        "raw_json": ad,
    }


def rows():
    with open(path) as feed:
        for line in feed:
            try:
                job = row(json.loads(line))
            except (KeyError, TypeError, ValueError):
                continue
            if job is not None:
                yield job


jobs = dlt.resource(
    rows,
    name="jobs",
    primary_key="original_id",
    write_disposition={"disposition": "merge", "strategy": "scd2"},
    columns={"raw_json": {"data_type": "json"}, "locations": {"data_type": "json"}},
)
pipeline = dlt.pipeline(
    "peer_jobs",
    destination=dlt.destinations.postgres(url),
    dataset_name="peer_dlt",
    pipelines_dir=state,
)
pipeline.run(jobs)
