"""OUT: what a person sees and hears in the notebook."""
