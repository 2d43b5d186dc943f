"""Tables, HTML and SVG."""
