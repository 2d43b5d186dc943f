"""What a project takes in each memory, against what there is."""
