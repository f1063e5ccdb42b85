"""What a net has learned, put to use on other data: descriptors of images, and linear SVMs on them."""
