"""From datasets to training batches, whole images or what a frozen encoder saw of them."""
