import os

os.environ["ENVIRONMENT"] = "test"
