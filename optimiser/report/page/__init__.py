"""The page as one HTML file: its data, its words and its tables."""
