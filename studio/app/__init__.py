"""The composition root: builds everything, knows everyone, and wires panes to jobs. Nothing imports it."""
