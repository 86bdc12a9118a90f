"""Descriptors: a configuration goes in, a labelled table comes out."""
