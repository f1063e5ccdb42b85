"""What a net has learned, put to use on other data: descriptors of pictures, and linear SVMs on them."""
