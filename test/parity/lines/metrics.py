"""scikit-learn's metrics of every case, called by name."""
import pathlib
import runpy
import sys

sys.argv[0] = str(pathlib.Path(__file__).resolve().parents[2] / "evaluation" / "call-metrics.py")
runpy.run_path(sys.argv[0], run_name="__main__")
