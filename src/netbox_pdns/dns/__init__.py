"""Names, rdata, RRsets, zones and serial arithmetic. Pure."""
