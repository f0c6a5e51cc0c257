"""From trained networks to the model folders that the runtime loads."""
