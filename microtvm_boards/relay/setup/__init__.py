"""What a TVM without microTVM lacks, and what its compiler needs to be steady."""
