"""X.509 as files and Secrets hold it: certificates, what is known of keys, names, and chains. Needs `crenel[certs]`."""
