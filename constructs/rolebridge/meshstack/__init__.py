"""The meshStack guide's five kinds of account: what stands in each (``design``), and a construct for each."""
