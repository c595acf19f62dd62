"""The contestants, each as its own documentation would have it.

A contestant has a method for each of the workloads that it takes part in.
"""
