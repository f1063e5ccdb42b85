"""What a net runs on: devices, the processes that work together, and how the hardware is used."""
