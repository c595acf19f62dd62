"""What schema.verify looks at; loaded when it is called."""
