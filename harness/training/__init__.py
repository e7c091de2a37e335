"""One loop to fit, one to predict, and what they are made of."""
