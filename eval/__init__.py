"""Evaluation: questions with the provisions that decide them, and what the assistant makes of them."""
