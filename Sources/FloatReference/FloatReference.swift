// FloatReference
