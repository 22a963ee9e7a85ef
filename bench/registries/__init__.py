"""berth beside other registries, on the same work in one run: `script/bench registries`."""
