"""What a Zephyr tree says about boards, before anything is configured."""
