"""Whether two back ends compute the same, and the certificate that says so."""
