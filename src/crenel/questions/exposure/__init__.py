"""What outside can reach, path by path through every layer; and what the cluster can reach outside."""
