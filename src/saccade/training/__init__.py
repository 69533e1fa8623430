"""Training: what a recipe says, what a task learns, and the loop that runs any of them."""
