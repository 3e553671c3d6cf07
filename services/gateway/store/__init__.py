"""Every query the gateway makes, one concern a file. Functions take a session; transactions belong to the caller."""
