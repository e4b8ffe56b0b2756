"""What tensorboard's own reader finds in folders of event files."""
import json
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def read(directory):
    events = EventAccumulator(directory, size_guidance={"scalars": 0, "tensors": 0})
    events.Reload()
    return {tag: [[event.step, event.value] for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


json.dump([read(directory) for directory in json.load(open(sys.argv[1]))], open(sys.argv[2], "w"))
