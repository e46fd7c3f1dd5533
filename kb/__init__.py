"""A knowledge base that answers questions on facial recognition and personal information law in China."""

__version__ = "0.1.0"
