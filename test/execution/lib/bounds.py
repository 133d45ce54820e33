"""How far a result may be from the oracle's, by storage type: ||out - expected|| / ||expected||."""

BOUND = {"f64": 1e-11, "f32": 5e-6, "f16": 2e-3, "bf16": 1e-2}
